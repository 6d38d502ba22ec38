using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dialtone.Commands;

/// <summary>
/// Remote commands over datagrams: who has been let in over a connection may ask for a flow of datagrams and go on in it, whatever the network loses,
/// doubles or reorders, and from wherever it sends next.
/// </summary>
/// <remarks>Hand it to <see cref="CommandServer.HandleCommands"/>, and dispose it after the server.</remarks>
public sealed class CommandFlows : IAsyncDisposable
{
    private readonly FlowServer _flows;

    /// <summary>Makes a table without flows.</summary>
    /// <param name="options">Its bounds.</param>
    public CommandFlows(FlowServerOptions? options = null) => _flows = new FlowServer(
        static (session, message) => ((FlowServerLine)session.Tag!).Arrived(message), static session => ((FlowServerLine)session.Tag!).Ended(), options);

    /// <summary>Flows now.</summary>
    public int Count => _flows.Count;

    /// <summary>Closes every flow, telling the peers.</summary>
    public ValueTask DisposeAsync() => _flows.DisposeAsync();

    /// <summary>Takes what belongs to a flow; everything else is dropped without an answer.</summary>
    internal ValueTask ReceiveAsync(Datagram datagram)
    {
        _ = _flows.Receive(datagram);
        return default;
    }

    /// <summary>Makes a flow for a caller who has been let in.</summary>
    /// <param name="id">The request's number.</param>
    /// <param name="port">Where datagrams are received.</param>
    /// <param name="line">The flow.</param>
    /// <param name="answer">What the caller needs to know; for nobody else's eyes.</param>
    internal bool TryAdmit(int id, int port, [NotNullWhen(true)] out FlowServerLine? line, [NotNullWhen(true)] out CommandFrame? answer)
    {
        line = new FlowServerLine(_flows.Options.Flow);
        answer = null;
        if (!_flows.TryAdmit(line, out FlowSession? session, out byte[]? secret))
            return false;
        line.Session = session!;
        answer = new CommandFrame
        {
            Type = CommandFrame.Flow,
            Id = id,
            Session = session!.Id.ToString("x16", CultureInfo.InvariantCulture),
            Secret = Convert.ToHexStringLower(secret!),
            Port = port,
        };
        return true;
    }
}
