/** The administration listener: metrics and health. */
@NullMarked
package io.penstock.server.admin;

import org.jspecify.annotations.NullMarked;
