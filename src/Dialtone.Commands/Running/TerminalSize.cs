namespace Dialtone.Commands;

/// <summary>The size of a terminal, in characters.</summary>
/// <param name="Columns">1 to 65,535.</param>
/// <param name="Rows">1 to 65,535.</param>
public readonly record struct TerminalSize(int Columns, int Rows)
{
    internal bool IsValid => Columns is >= 1 and <= ushort.MaxValue && Rows is >= 1 and <= ushort.MaxValue;
}
