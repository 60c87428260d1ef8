package io.penstock.examples.docker;

/** Why a call is not answered as it wishes, as {@code docker} shows it. */
final class Refusal extends Exception {
    private final int status;

    Refusal(int status, String message) {
        super(message);
        this.status = status;
    }

    int status() {
        return status;
    }
}
