package io.penstock.testkit;

/** What the parts of the {@link ConnectionContract} ask of the class that runs them. */
interface Contract {
    /** The kind of connection under test. */
    ConnectionKind kind();

    /** Opens a connection and its peer; both are ended, at the latest, after the test. */
    Ends open() throws Exception;
}
