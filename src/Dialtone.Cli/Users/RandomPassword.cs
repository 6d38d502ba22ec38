using System.Security.Cryptography;

namespace Dialtone.Cli;

/// <summary>A password for people to copy: four groups of four letters and digits, none of which looks like another; 80 bits.</summary>
internal static class RandomPassword
{
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789"; // 32 of them: no l and o, no 0 and 1

    public static string Create() =>
        string.Join('-', RandomNumberGenerator.GetString(Alphabet, 16).Chunk(4).Select(group => new string(group)));
}
