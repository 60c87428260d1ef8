package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.examples.docker.Engine;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
    @ParameterizedTest
    @ValueSource(
            classes = {
                LineEcho.class,
                EventEcho.class,
                HeaderProxy.class,
                ContinuationHook.class,
                RedisHandler.class,
                DnsOverUdp.class,
                JdbcHandler.class,
                MultipartUpload.class,
                SmtpClient.class,
                ConnectProxy.class,
                RedisBridge.class,
                MqttClient.class,
                RpcServer.class,
                RpcClient.class,
                SyslogSender.class,
                TlsThroughSocks.class,
                Engine.class
            })
    void withoutItsArgumentsAnExampleSaysWhatItNeeds(Class<?> example) throws Exception {
        assertThat(Program.outcome(example)).startsWith("2: usage: " + example.getSimpleName() + " ");
    }
}
