using System.Text;

namespace Dialtone.Files;

/// <summary>What a server's answers look like: one that ends in a size, some of fixed text, and any other text that begins as the dialect's do.</summary>
internal sealed class AnswerForms(string first, string sized, params string[] fixedOnes)
{
    private readonly byte[] _first = Encoding.ASCII.GetBytes(first);
    private readonly byte[] _sized = Encoding.ASCII.GetBytes(sized);
    private readonly byte[][] _fixedOnes = [.. fixedOnes.Select(Encoding.ASCII.GetBytes)];

    /// <summary>What stands before the size.</summary>
    public string Sized { get; } = sized;

    public Extent Look(ReadOnlySpan<byte> bytes)
    {
        foreach (byte[] answer in _fixedOnes)
        {
            if (bytes.StartsWith(answer))
                return Extent.WholeAt(answer.Length);
        }

        if (bytes.StartsWith(_sized))
            return RequestWords.UpToDigits(bytes, _sized.Length);
        if (bytes.StartsWith(_first))
            return _sized.AsSpan().StartsWith(bytes) || _fixedOnes.Any(Begins(bytes)) ? Extent.Patient : Extent.Open;
        return _first.AsSpan().StartsWith(bytes) ? Extent.Part : Extent.Foreign;
    }

    private static Func<byte[], bool> Begins(ReadOnlySpan<byte> bytes)
    {
        byte[] beginning = bytes.ToArray();
        return answer => answer.AsSpan().StartsWith(beginning);
    }
}
