using System.Buffers;
using System.Text;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>Speaks to the tutorials' servers of remote commands. They tell no status: a reply is all there is.</summary>
internal static class TutorialExec
{
    private const int MaxReplyBytes = 1024 * 1024 * 1024;
    private static readonly TimeSpan DefaultSilence = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(30);

    public static async Task<ExitCode> RunAsync(Arguments arguments, ExecTarget target, string[] words)
    {
        Address address = target.Address;
        if (address.IsDatagram)
        {
            using DatagramClient client = await DatagramClient.ConnectAsync(address);
            return await TalkAsync(arguments, address, words, command => AskAsync(arguments, client, address, command));
        }

        await using Connection connection = await target.DialAsync(arguments);
        TutorialFraming framing = ExecFraming.Tutorial(arguments.Get(ExecFlags.Framing)) ?? TutorialFraming.Raw;
        return await TalkAsync(arguments, address, words, command => AskAsync(arguments, connection, framing, command));
    }

    private static async Task<ExitCode> TalkAsync(Arguments arguments, Address address, string[] words, Func<ReadOnlyMemory<byte>, Task> ask)
    {
        TimeSpan patience = arguments.Get(ExecFlags.Timeout, Timeout.InfiniteTimeSpan);
        try
        {
            return words.Length == 0 ? await ExecLoop.RunAsync(address, RunAsync) : await RunAsync(string.Join(' ', words));
        }
        catch (TimeoutException)
        {
            // In a loop as well: whatever comes now could not be told from the next answer.
            Terminal.Complain(new CliException((ExitCode)124, $"{address} did not answer within {patience.TotalSeconds:0.###} s.", "The command may still run there: in this framing nobody can end it."));
            return (ExitCode)124;
        }

        async Task<ExitCode> RunAsync(string line)
        {
            await ask(Encoding.UTF8.GetBytes(line)).WaitAsync(patience);
            return ExitCode.Done;
        }
    }

    private static async Task AskAsync(Arguments arguments, DatagramClient client, Address address, ReadOnlyMemory<byte> command)
    {
        await client.SendAsync(command);
        using var limit = new CancellationTokenSource(arguments.Has(ExecFlags.Timeout) ? Timeout.InfiniteTimeSpan : DefaultPatience); // --timeout is looked after elsewhere
        try
        {
            await ShowAsync(arguments, await client.ReceiveAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            throw new CliException(ExitCode.ExecFailed, $"{address} did not answer within {DefaultPatience.TotalSeconds:0.###} s.", "A datagram may be lost: try again.");
        }
    }

    private static async Task AskAsync(Arguments arguments, Connection connection, TutorialFraming framing, ReadOnlyMemory<byte> command)
    {
        await connection.SendAsync(command);
        switch (framing)
        {
            case TutorialFraming.Acknowledged:
                byte[]? acknowledged = await connection.ReadAcknowledgedAsync(Framing.AcknowledgedLength(MaxReplyBytes));
                await ShowAsync(arguments, acknowledged ?? throw Left());
                break;
            case TutorialFraming.Int32:
                byte[]? frame = await connection.ReadFrameAsync(Framing.Int32Prefix(MaxReplyBytes));
                await ShowAsync(arguments, frame ?? throw Left());
                break;
            case TutorialFraming.Json:
                JsonMessage<TutorialHeader> message = await connection.ReceiveAsync<TutorialHeader>() ?? throw Left();
                using (var body = new MemoryStream())
                {
                    if (message.Body.Length > MaxReplyBytes)
                        throw new CliException(ExitCode.ExecFailed, "The reply is longer than 1 GiB.");
                    await message.Body.CopyToAsync(body);
                    await ShowAsync(arguments, body.GetBuffer().AsMemory(0, (int)body.Length));
                }

                break;
            default:
                await ShowRawAsync(arguments, connection);
                break;
        }
    }

    /// <summary>Nothing tells where a raw reply ends but the server's silence, or its closing.</summary>
    private static async Task ShowRawAsync(Arguments arguments, Connection connection)
    {
        var buffer = new byte[64 * 1024];
        TimeSpan silence = arguments.Get(CallFlags.Wait, DefaultSilence);
        for (bool isFirst = true; ; isFirst = false)
        {
            using var limit = new CancellationTokenSource(silence);
            try
            {
                int count = await connection.ReceiveAsync(buffer, limit.Token);
                if (count == 0)
                    return;
                await ShowAsync(arguments, buffer.AsMemory(0, count));
            }
            catch (OperationCanceledException)
            {
                if (isFirst)
                    Terminal.Error.WriteLine($"dialtone: nothing came within {silence.TotalSeconds:0.###} s: it wrote nothing, or has yet to (--wait).");
                return;
            }
        }
    }

    private static async Task ShowAsync(Arguments arguments, ReadOnlyMemory<byte> reply)
    {
        if (arguments.Get(ServeExecFlags.ReplyEncoding) is { } encoding && encoding.CodePage != Encoding.UTF8.CodePage)
            reply = Encoding.Convert(encoding, Encoding.UTF8, reply.ToArray());
        await using Stream output = Terminal.OpenContentOutput();
        await output.WriteAsync(reply);
    }

    private static CliException Left() => new(ExitCode.ExecFailed, "The server closed without an answer.");
}
