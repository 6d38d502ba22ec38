using System.Buffers;

namespace Dialtone.Conformance.Tests;

/// <summary>
/// A handler that stands in the middle of a conversation: "flushed" has been sent, "unflushed" waits in the output, and it reads. It notes what
/// its reader and its writer see of the end.
/// </summary>
internal sealed class Probe
{
    private readonly TaskCompletionSource<Connection> _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<(string Reader, string Writer)> _saw = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The connection, once the handler reads.</summary>
    public async Task<Connection> ReadingAsync()
    {
        Connection connection = await _reading.Task.SoonAsync();
        await Eventually.TrueAsync(() => connection.DescribeActivity() == "reading", "the handler reads");
        return connection;
    }

    /// <summary>What the handler saw: "end", "ok", or the exception's reason and whose reason it names.</summary>
    public Task<(string Reader, string Writer)> SawAsync() => _saw.Task.SoonAsync();

    public async Task RunAsync(Connection connection)
    {
        await connection.SendAsync("flushed"u8.ToArray());
        connection.Output.Write("unflushed"u8);
        _reading.SetResult(connection);
        (string reader, Exception? error) = await SeeAsync(connection, static async connection =>
        {
            await Handlers.ReadToEndAsync(connection);
            return "end";
        });
        // What failed once fails again: a handler that reads on must not hang.
        if (error is not null)
            Assert.Equal(reader.Replace("PeerReset", "", StringComparison.Ordinal), (await SeeAsync(connection, static async connection =>
            {
                await Handlers.ReadToEndAsync(connection);
                return "";
            })).Seen.Replace("PeerReset", "", StringComparison.Ordinal));
        (string writer, _) = await SeeAsync(connection, static async connection =>
        {
            await connection.SendAsync("+"u8.ToArray());
            return "ok";
        });
        _saw.SetResult((reader, writer));
        if (error is not null)
            throw error;
    }

    public static async Task<(string Seen, Exception? Error)> SeeAsync(Connection connection, Func<Connection, Task<string>> use)
    {
        try
        {
            return (await use(connection), null);
        }
        catch (TransportException e)
        {
            return (e.Reason == TransportError.Aborted ? $"{e.Reason} {e.CloseReason}" : $"{e.Reason}", e);
        }
    }
}
