namespace Dialtone.Conformance.Tests;

/// <summary>Handlers that several suites use.</summary>
internal static class Handlers
{
    public static async Task EchoAsync(Connection connection)
    {
        while (true)
        {
            System.IO.Pipelines.ReadResult read = await connection.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> part in read.Buffer)
                await connection.SendAsync(part);
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }

    /// <summary>Waits until the connection has ended, whatever that takes.</summary>
    public static async Task ReadToEndAsync(Connection connection)
    {
        var buffer = new byte[4096];
        while (await connection.ReceiveAsync(buffer) > 0)
            continue;
    }
}
