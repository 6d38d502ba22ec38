namespace Dialtone.Cli;

/// <summary>What people said, whole, and fit for a terminal.</summary>
internal static class SaidText
{
    private const char NonJoiner = '\u200c', Joiner = '\u200d';

    /// <summary>As <see cref="Printable.Of"/>, but with joiners left in, which words and emoji are made with, and which move nothing.</summary>
    public static string Of(string text) =>
        string.Join(Joiner, text.Split(Joiner).Select(part => string.Join(NonJoiner, part.Split(NonJoiner).Select(piece => Printable.Of(piece, int.MaxValue)))));
}
