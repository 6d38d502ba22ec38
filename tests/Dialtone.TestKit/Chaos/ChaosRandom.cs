namespace Dialtone;

/// <summary>A series of its own for each connection and direction, so that what one does never changes another's fate.</summary>
internal static class ChaosRandom
{
    public static Random For(int seed, int connection, int direction)
    {
        // SplitMix64's finaliser, so that neighbouring numbers give unrelated series.
        ulong z = unchecked(((ulong)(uint)seed << 32) + ((ulong)(uint)connection << 1) + (uint)direction + 0x9E3779B97F4A7C15);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return new Random((int)(z ^ (z >> 31)));
    }
}
