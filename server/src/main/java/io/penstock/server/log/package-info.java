/** The access log: one line for each transaction, written by a thread of its own. */
@NullMarked
package io.penstock.server.log;

import org.jspecify.annotations.NullMarked;
