using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Tests;

public sealed class ConnectionJsonTests : IDisposable
{
    private readonly string _folder =
        Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, $"bodies-{Guid.NewGuid():N}")).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_header_and_its_body_arrive_and_then_the_goodbye()
    {
        await using var pair = new MemoryPair();
        await pair.There.SendAsync(new PutHeader("put", "a.txt", 5), CodecCases.Text("hello"));
        await pair.There.SendAsync(new PutHeader("put", "empty", 0));
        await pair.There.FinishSendingAsync();

        (PutHeader header, BodyStream body) = (await pair.Here.ReceiveAsync<PutHeader>())!;
        Assert.Equal(new PutHeader("put", "a.txt", 5), header);
        Assert.Equal(5, body.Length);
        using var reader = new StreamReader(body, leaveOpen: true);
        Assert.Equal("hello", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, body.Remaining);

        JsonMessage<PutHeader>? empty = await pair.Here.ReceiveAsync<PutHeader>();
        Assert.Equal("empty", empty!.Header.FileName);
        Assert.Equal(0, await empty.Body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        Assert.Null(await pair.Here.ReceiveAsync<PutHeader>());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Two_messages_sent_in_small_pieces_arrive_as_two(int piece)
    {
        await using var pair = new MemoryPair();
        byte[] stream = [.. Wire(new PutHeader(null, "a", 4)), .. "1234"u8, .. Wire(new PutHeader(null, "b", 2)), .. "56"u8];
        Task sending = SendAsync();
        foreach (string expected in new[] { "a1234", "b56" })
        {
            JsonMessage<PutHeader> message = (await pair.Here.ReceiveAsync<PutHeader>())!;
            var body = new MemoryStream();
            await message.Body.CopyToAsync(body, TestContext.Current.CancellationToken);
            Assert.Equal(expected, message.Header.FileName + System.Text.Encoding.ASCII.GetString(body.ToArray()));
        }

        await sending;

        async Task SendAsync()
        {
            foreach (byte[] part in stream.Chunk(piece))
            {
                await pair.There.SendAsync(part);
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task A_body_is_received_straight_into_the_readers_memory_and_never_past_its_end()
    {
        await using var pair = new MemoryPair();
        var content = new byte[300_000];
        Random.Shared.NextBytes(content);
        Task sending = SendAsync();
        JsonMessage<PutHeader> message = (await pair.Here.ReceiveAsync<PutHeader>())!;
        var memory = new byte[400_000];
        int have = 0;
        while (await message.Body.ReadAsync(memory.AsMemory(have), TestContext.Current.CancellationToken) is > 0 and int count)
        {
            have += count;
            Assert.Equal(have, message.Body.Position);
        }

        Assert.Equal(content, memory[..have]);
        Assert.Equal("next"u8.ToArray(), await pair.Here.ReadFrameAsync(Framing.FixedLength(4)));
        await sending;

        async Task SendAsync()
        {
            await pair.There.SendAsync(new PutHeader(null, "a", content.Length), content);
            await pair.There.SendAsync("next"u8.ToArray());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000_000)]
    public async Task A_file_becomes_a_body_and_a_body_a_file(int length)
    {
        await using var pair = new MemoryPair();
        var content = new byte[length];
        Random.Shared.NextBytes(content);
        string source = Path.Combine(_folder, "source");
        string target = Path.Combine(_folder, "target");
        await File.WriteAllBytesAsync(source, [.. "skipped"u8, .. content], TestContext.Current.CancellationToken);

        using SafeFileHandle from = File.OpenHandle(source);
        Task sending = pair.There.SendAsync(new PutHeader(null, "a", length), from, offset: 7).AsTask();
        JsonMessage<PutHeader> message = (await pair.Here.ReceiveAsync<PutHeader>())!;
        using (SafeFileHandle to = File.OpenHandle(target, FileMode.Create, FileAccess.Write))
        {
            Assert.Equal(length, await message.Body.CopyToAsync(to, fileOffset: 3));
        }

        await sending;
        byte[] expected = length == 0 ? [] : [0, 0, 0, .. content];
        Assert.Equal(expected, await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_stream_is_sent_as_far_as_the_header_states()
    {
        await using var pair = new MemoryPair();
        Task sending = pair.There.SendAsync(new PutHeader(null, "a", 4), new MemoryStream(CodecCases.Text("123456"))).AsTask();
        JsonMessage<PutHeader> message = (await pair.Here.ReceiveAsync<PutHeader>())!;
        Assert.Equal("1234"u8.ToArray(), await pair.Here.ReadFrameAsync(Framing.FixedLength(4)));
        Assert.Equal(4, message.Body.Length);
        await sending;
    }

    [Fact]
    public async Task A_source_that_is_shorter_than_its_header_states_is_an_error_at_both_ends()
    {
        await using var pair = new MemoryPair();
        var header = new PutHeader(null, "a", 10);
        var e = await Assert.ThrowsAsync<ProtocolException>(
            async () => await pair.There.SendAsync(header, new MemoryStream(new byte[9])));
        Assert.Equal(ProtocolError.TruncatedFrame, e.Reason);
        await pair.There.FinishSendingAsync();

        JsonMessage<PutHeader> message = (await pair.Here.ReceiveAsync<PutHeader>())!;
        var cut = await Assert.ThrowsAsync<ProtocolException>(
            async () => await message.Body.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
        Assert.Equal(ProtocolError.TruncatedFrame, cut.Reason);
        Assert.Contains("1 more bytes", cut.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_not_what_the_header_states_are_not_sent()
    {
        await using var pair = new MemoryPair();
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await pair.There.SendAsync(new PutHeader(null, "a", 10), new byte[9]));
        Assert.Equal(0, pair.There.Output.UnflushedBytes);
    }

    [Fact]
    public async Task A_body_left_unread_is_skipped_and_can_no_longer_be_read()
    {
        await using var pair = new MemoryPair();
        Task sending = SendAsync();
        JsonMessage<PutHeader> first = (await pair.Here.ReceiveAsync<PutHeader>())!;
        Assert.Equal(1, await first.Body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        JsonMessage<PutHeader> second = (await pair.Here.ReceiveAsync<PutHeader>())!;
        Assert.Equal("second", second.Header.FileName);
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await first.Body.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken));
        await sending;

        async Task SendAsync()
        {
            await pair.There.SendAsync(new PutHeader(null, "first", 1 << 20), new byte[1 << 20]);
            await pair.There.SendAsync(new PutHeader(null, "second", 0));
        }
    }

    [Fact]
    public async Task A_body_too_long_to_skip_ends_the_conversation()
    {
        JsonHeaderCodec<PutHeader> codec = Framing.JsonHeader<PutHeader>(new JsonHeaderOptions { MaxSkippedBytes = 9 });
        await using var pair = new MemoryPair();
        await pair.There.SendAsync(codec, new PutHeader(null, "a", 10), new byte[10]);
        await pair.Here.ReceiveAsync(codec);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            var e = await Assert.ThrowsAsync<ProtocolException>(async () => await pair.Here.ReceiveAsync(codec));
            Assert.Equal(ProtocolError.BodyNotRead, e.Reason);
        }
    }

    [Fact]
    public async Task A_connection_cut_in_a_header_or_body_is_truncated_at_every_byte()
    {
        byte[] stream = [.. Wire(new PutHeader(null, "a", 4)), .. "1234"u8];
        for (int cut = 1; cut < stream.Length; cut++)
        {
            await using var pair = new MemoryPair();
            await pair.There.SendAsync(stream.AsMemory(0, cut));
            await pair.There.FinishSendingAsync();
            var e = await Assert.ThrowsAsync<ProtocolException>(async () =>
            {
                while (await pair.Here.ReceiveAsync<PutHeader>() is { } message)
                {
                    await message.Body.SkipAsync();
                }
            });
            Assert.Equal(ProtocolError.TruncatedFrame, e.Reason);
        }
    }

    [Fact]
    public async Task A_small_message_leaves_in_one_send()
    {
        await using var pair = new MemoryPair();
        await pair.There.SendAsync(new PutHeader(null, "a", 5), CodecCases.Text("hello"));
        var buffer = new byte[1000];
        int count = await pair.Here.ReceiveAsync(buffer);
        Assert.Equal(Wire(new PutHeader(null, "a", 5)).Length + 5, count);
    }

    [Fact]
    public void A_body_is_a_read_only_stream_that_cannot_seek()
    {
        using var body = new BodyStream(null!, 5);
        Assert.True(body is { CanRead: true, CanSeek: false, CanWrite: false });
        Assert.Throws<NotSupportedException>(() => body.Position = 0);
        Assert.Throws<NotSupportedException>(() => body.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => body.SetLength(0));
        Assert.Throws<NotSupportedException>(() => body.Write([1], 0, 1));
    }

    private static byte[] Wire(PutHeader header)
    {
        var output = new ArrayBufferWriter<byte>();
        Framing.JsonHeader<PutHeader>().Write(output, header);
        return output.WrittenSpan.ToArray();
    }
}
