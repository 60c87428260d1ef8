/** The clients that {@code bench/run} compares: length-framed packets by Penstock, and by Netty alone. */
@NullMarked
package io.penstock.bench.frames;

import org.jspecify.annotations.NullMarked;
