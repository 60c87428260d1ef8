package io.penstock.http;

import io.penstock.net.Connection;

/**
 * What a server has granted that was asked to leave HTTP: see {@link HttpClient#upgrade} and {@link HttpClient#connectTunnel}.
 *
 * @param head of its answer: 101, or a 2xx to CONNECT
 * @param connection the caller's to use and to end; what came behind the head is what it delivers first
 */
public record Upgraded(ResponseHead head, Connection connection) {}
