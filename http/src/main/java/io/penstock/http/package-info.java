/** HTTP/1.1 servers and clients as straight-line code over connections. */
@NullMarked
package io.penstock.http;

import org.jspecify.annotations.NullMarked;
