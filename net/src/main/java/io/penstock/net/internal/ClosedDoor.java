package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/**
 * A listening TCP socket to which no client is new: what asks for a connection is dropped before the kernel sees it, and what belongs to one
 * that is under way goes on.
 *
 * <p>Without it whoever gets in between the last {@code accept} and the {@code close} is reset, and does not know whether its request was
 * taken. With it such a client asks again after a second, and is either refused or finds the next process that listens there. An accepted
 * connection inherits the filter, which it has no use for; it only does not answer a peer that has forgotten it and begins anew from the same port.
 */
final class ClosedDoor {
    private static final int SO_ATTACH_FILTER = 26;

    private static final int FLAGS = 13; // the place of the flags in the header of a segment
    private static final int SYN = 0x02;
    private static final int ACK = 0x10;

    // the classic filter's instructions: a code, how many to skip if so and if not, and an operand
    private static final int LOAD_BYTE = 0x30;
    private static final int AND = 0x54;
    private static final int SKIP_IF_EQUAL = 0x15;
    private static final int RETURN = 0x06;
    private static final int NOTHING = 0;
    private static final int ALL = -1;

    private static final int INSTRUCTION = 8;
    private static final int[][] PROGRAM = {
        {LOAD_BYTE, 0, 0, FLAGS},
        {AND, 0, 0, SYN | ACK},
        {SKIP_IF_EQUAL, 0, 1, SYN},
        {RETURN, 0, 0, NOTHING},
        {RETURN, 0, 0, ALL},
    };

    private static final StructLayout FILTER = MemoryLayout.structLayout(
            JAVA_SHORT.withName("length"), MemoryLayout.paddingLayout(6), ADDRESS.withName("instructions"));

    private ClosedDoor() {}

    /** Has the kernel's calls ready, where there are any. */
    static void link() {
        try {
            if (Epoll.isAvailable() || IoUring.isAvailable()) Kernel.link();
        } catch (RuntimeException | LinkageError e) {
            // whoever needs them comes upon it too, and has to do without
        }
    }

    static void before(int listener) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = arena.allocate((long) INSTRUCTION * PROGRAM.length, Integer.BYTES);
            for (int i = 0; i < PROGRAM.length; i++) {
                int[] step = PROGRAM[i];
                long at = (long) i * INSTRUCTION;
                program.set(JAVA_SHORT, at, (short) step[0]);
                program.set(JAVA_BYTE, at + 2, (byte) step[1]);
                program.set(JAVA_BYTE, at + 3, (byte) step[2]);
                program.set(JAVA_INT, at + 4, step[3]);
            }
            MemorySegment filter = arena.allocate(FILTER);
            filter.set(JAVA_SHORT, 0, (short) PROGRAM.length);
            filter.set(ADDRESS, FILTER.byteOffset(MemoryLayout.PathElement.groupElement("instructions")), program);
            Kernel.option(listener, Kernel.SOL_SOCKET, SO_ATTACH_FILTER, filter);
        }
    }
}
