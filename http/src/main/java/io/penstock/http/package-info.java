/**
 * HTTP/1.1 servers and clients as straight-line code over connections.
 *
 * <p>Start with {@link io.penstock.http.HttpServer} and {@link io.penstock.http.Exchange} to answer requests, with
 * {@link io.penstock.http.HttpClient} to send them, and with {@link io.penstock.http.ClientExchange} to stream both ways. Bodies are
 * {@link io.penstock.net.Input} and {@link io.penstock.net.Output} like any other stream of the house.
 *
 * <p><b>Strict.</b> A message that two readers could understand differently is refused: both framing fields or one of them twice, an
 * odd length or chunk size, a line end that is not CR LF, white space where none may be. A server answers 400 and closes, so that
 * nothing of it is ever taken for a request; a client fails with {@code MALFORMED}.
 *
 * <p><b>Bounded.</b> Lines, fields, bodies, waiting and what is left unread all have limits: {@link io.penstock.http.HttpServerOptions}.
 */
@NullMarked
package io.penstock.http;

import org.jspecify.annotations.NullMarked;
