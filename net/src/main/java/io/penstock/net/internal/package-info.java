/** How connections are made of Netty channels and memory; exported to Penstock's own modules only. */
@NullMarked
package io.penstock.net.internal;

import org.jspecify.annotations.NullMarked;
