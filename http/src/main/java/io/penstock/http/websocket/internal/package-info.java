/**
 * How WebSockets are made.
 *
 * <p>Frames are read and written by straight-line code of our own, and not by Netty's codec: that one is fed by an event loop, so a virtual
 * thread would have to drive it through a channel that exists for nothing else, copy what comes out of it into messages, and could neither
 * stop between two frames nor tell how many bytes it holds. A frame is a head of 2 to 14 bytes and its payload; reading one here is fewer lines
 * than driving it there would be.
 */
@NullMarked
package io.penstock.http.websocket.internal;

import org.jspecify.annotations.NullMarked;
