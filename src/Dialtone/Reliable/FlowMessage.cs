namespace Dialtone;

/// <summary>A message on its way, and what becomes of it.</summary>
internal sealed class FlowMessage(ReadOnlyMemory<byte> content, Action<FlowEnd>? outcome)
{
    public static FlowMessage None { get; } = new(default, null);

    public ReadOnlyMemory<byte> Content => content;

    public void Delivered() => outcome?.Invoke(FlowEnd.None);

    public void Failed(FlowEnd reason) => outcome?.Invoke(reason);
}
