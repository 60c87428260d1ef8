/**
 * WebSocket, for servers and clients, as straight-line code on virtual threads.
 *
 * <p>Start with {@link io.penstock.http.websocket.WebSocket#handler WebSocket.handler} to serve, and with
 * {@link io.penstock.http.websocket.WebSocket#connect WebSocket.connect} to ask. Messages are received one by one, and sealed:
 * {@link io.penstock.http.websocket.Message}.
 *
 * <p><b>Strict.</b> A peer that breaks a rule of the protocol is told so, by the close code that RFC 6455 has for it, and the connection
 * ends: frames masked the wrong way, reserved bits, fragments out of turn, text that is not UTF-8.
 *
 * <p><b>Bounded.</b> Nothing is received before somebody asks for it. Messages, what comes out of compressed ones, silence and the closing
 * all have limits: {@link io.penstock.http.websocket.WebSocketOptions}.
 *
 * <p>Source: RFC 6455, RFC 7692.
 */
@NullMarked
package io.penstock.http.websocket;

import org.jspecify.annotations.NullMarked;
