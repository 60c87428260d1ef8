/** Connections: event loops, dialling, listening, pools, and the one contract for every byte stream. */
@NullMarked
package io.penstock.net;

import org.jspecify.annotations.NullMarked;
