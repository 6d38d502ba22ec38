using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;

namespace Dialtone.Chat;

/// <summary>Lines over a connection, for <c>nc</c> and telnet: what is typed is said, and what begins with a slash is a command.</summary>
internal sealed class LineTongue(ChatHub hub, Server server, ChatServerOptions options)
{
    private int _guests;

    public async Task RunAsync(Connection connection)
    {
        var writer = new LineWriter(connection, options.Encoding);
        if (Join(writer) is not { } guest)
        {
            await writer.FinishAsync().ConfigureAwait(false);
            return;
        }

        using CancellationTokenRegistration stopping = connection.Closing.UnsafeRegister(static writer => ((LineWriter)writer!).Close(ChatError.Stopping), writer);
        try
        {
            var conversation = new LineConversation(hub, guest, writer, options.Encoding)
            {
                Failed = () => server.Penalties.Charge((connection.RemoteEndPoint as IPEndPoint)?.Address, Penalty.AuthenticationFailed),
            };
            await conversation.BeginAsync().ConfigureAwait(false);
            await ReadAsync(connection.Input, conversation, writer).ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // They have left without a word, as people do.
        }
        finally
        {
            hub.Remove(guest);
            await writer.FinishAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Lets somebody in under a name nobody has.</summary>
    private ChatParticipant? Join(LineWriter writer)
    {
        ChatError error;
        ChatParticipant? guest;
        do
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"guest{Interlocked.Increment(ref _guests)}");
            error = hub.TryJoin(name, null, writer, out guest);
        }
        while (error == ChatError.NameTaken);
        if (guest is null)
            writer.Close(error);
        return guest;
    }

    private async Task ReadAsync(PipeReader input, LineConversation conversation, LineWriter writer)
    {
        var telnet = new TelnetReader(hub.Options.Limits.MaxTextBytes);
        var answers = new ArrayBufferWriter<byte>();
        while (writer.Ended == ChatError.None)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                for (int taken = 0; taken < segment.Length && writer.Ended == ChatError.None;)
                {
                    bool isLine = Take(telnet, segment.Span, ref taken, answers);
                    writer.Write(answers.WrittenSpan);
                    answers.ResetWrittenCount();
                    if (isLine && !await conversation.TakeAsync(options.Encoding.GetString(telnet.Line), telnet.IsTooLong).ConfigureAwait(false))
                        return;
                }
            }

            input.AdvanceTo(read.Buffer.End);
            if (!read.IsCompleted)
                continue;
            if (telnet.HasPart) // printf hello | nc …
                await conversation.TakeAsync(options.Encoding.GetString(telnet.Line), telnet.IsTooLong).ConfigureAwait(false);
            return;
        }
    }

    private static bool Take(TelnetReader telnet, ReadOnlySpan<byte> segment, ref int taken, ArrayBufferWriter<byte> answers)
    {
        ReadOnlySpan<byte> rest = segment[taken..];
        bool isLine = telnet.TryRead(ref rest, answers);
        taken = segment.Length - rest.Length;
        return isLine;
    }
}
