using System.IO.Pipelines;

namespace Dialtone.Workers;

/// <summary>Sends back what comes, message by message where there are messages.</summary>
internal sealed class Echo : StreamHandler
{
    protected override async ValueTask HandleAsync()
    {
        while (true)
        {
            ReadResult read = await Input.ReadAsync();
            if (read.IsCompleted && read.Buffer.IsEmpty)
                return;
            foreach (ReadOnlyMemory<byte> part in read.Buffer)
                await Connection.SendAsync(part);
            Input.AdvanceTo(read.Buffer.End);
        }
    }
}

/// <summary>The same on a thread that blocks.</summary>
internal sealed class BlockingEcho : BlockingStreamHandler
{
    protected override void Handle()
    {
        var buffer = new byte[4096];
        while (Stream.Read(buffer) is > 0 and int count)
            Stream.Write(buffer, 0, count);
    }
}
