namespace Dialtone;

/// <summary>A message on its way, and what becomes of it.</summary>
internal sealed class FlowMessage(ReadOnlyMemory<byte> content, Action<FlowEnd>? outcome)
{
    public ReadOnlyMemory<byte> Content => content;

    /// <summary>What it became, once the flow hands it back; <see cref="FlowEnd.None"/> for delivered.</summary>
    public FlowEnd End { get; set; }

    public bool HasListener => outcome is not null;

    /// <summary>Tells its sender. Outside every lock.</summary>
    public void Tell() => outcome?.Invoke(End);
}
