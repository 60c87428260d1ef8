package io.penstock.bench.frames;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/**
 * The peer: Netty as its users write it who care about speed. Its own decoder; frames that are written as one buffer each, cheaper than
 * with {@code LengthFieldPrepender}; no promise for a write; one flush for all that a read has brought about.
 */
final class NettyFace implements Face {
    private final MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final FarEnd far;

    NettyFace(FarEnd far) {
        this.far = far;
    }

    @Override
    public void ask(int connections, int inFlight, Round round) {
        Bootstrap clients = clients(() -> new Asker(inFlight, round));
        for (int i = 0; i < connections; i++) clients.connect(far.address(i));
    }

    @Override
    public void receive(int connections, Round round) {
        Bootstrap clients = clients(() -> new Receiver(round));
        for (int i = 0; i < connections; i++) clients.connect(far.address(i));
    }

    @Override
    public void connect(int atATime, Round round) {
        Bootstrap clients = clients(() -> new Visitor(round));
        for (int i = 0; i < atATime; i++) connectNext(clients, far.address(i), round);
    }

    private static void connectNext(Bootstrap clients, InetSocketAddress peer, Round round) {
        clients.connect(peer).addListener((ChannelFutureListener) connected -> {
            if (!connected.isSuccess()) {
                round.failed(connected.cause());
                return;
            }
            connected.channel().closeFuture().addListener(_ -> {
                if (round.isOver()) {
                    round.ended();
                } else {
                    connectNext(clients, peer, round);
                }
            });
        });
    }

    @Override
    public void close() {
        loop.shutdownGracefully();
    }

    private Bootstrap clients(Supplier<FrameHandler> handlers) {
        return new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new LengthFieldBasedFrameDecoder(Frame.MOST, 0, Frame.HEADER, 0, Frame.HEADER))
                                .addLast(handlers.get());
                    }
                });
    }

    private abstract static class FrameHandler extends ChannelInboundHandlerAdapter {
        final Round round;

        FrameHandler(Round round) {
            this.round = round;
        }

        static void send(ChannelHandlerContext context, long number) {
            ByteBuf frame = context.alloc().buffer(Frame.SIZE);
            frame.writeInt(Frame.BODY).writeLong(number).writeBytes(Frame.FILLING);
            context.write(frame, context.voidPromise());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var frame = (ByteBuf) message;
            try {
                received(context, frame.readLong());
            } finally {
                frame.release();
            }
        }

        abstract void received(ChannelHandlerContext context, long number);

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            round.failed(cause);
            context.close();
        }
    }

    private static final class Asker extends FrameHandler {
        private final int inFlight;
        private long asked;
        private long answered;

        Asker(int inFlight, Round round) {
            super(round);
            this.inFlight = inFlight;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            while (asked < inFlight) send(context, asked++);
            context.flush();
        }

        @Override
        void received(ChannelHandlerContext context, long number) {
            round.count(number, answered++);
            if (!round.isOver()) {
                send(context, asked++);
            } else if (answered == asked) {
                context.close();
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            round.ended();
        }
    }

    private static final class Receiver extends FrameHandler {
        private long next;

        Receiver(Round round) {
            super(round);
        }

        @Override
        void received(ChannelHandlerContext context, long number) {
            round.count(number, next++ % Frame.NUMBERS);
            if (round.isOver()) context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            round.ended();
        }
    }

    private static final class Visitor extends FrameHandler {
        Visitor(Round round) {
            super(round);
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            send(context, 0);
            context.flush();
        }

        @Override
        void received(ChannelHandlerContext context, long number) {
            round.count(number, 0);
            context.close();
        }
    }
}
