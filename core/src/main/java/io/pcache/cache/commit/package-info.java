/** Makes staged keys durable. */
@NullMarked
package io.pcache.cache.commit;

import org.jspecify.annotations.NullMarked;
