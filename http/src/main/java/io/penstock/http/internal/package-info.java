/** How {@code io.penstock.http} is made; exported to Penstock's own modules only. */
@NullMarked
package io.penstock.http.internal;

import org.jspecify.annotations.NullMarked;
