using System.Runtime.CompilerServices;

namespace Dialtone;

/// <summary>Which packet numbers have been seen: each is accepted once, and none that lies 256 or more behind the newest.</summary>
internal struct ReplayWindow
{
    private const int Bits = 256;
    private Words _seen; // bit n % 256 for packet n
    private ulong _next; // one above the newest

    /// <summary>The newest number; all ones before the first.</summary>
    public readonly ulong Newest => _next - 1;

    /// <summary>Whether a number would be accepted; changes nothing, so that it can be asked before the packet is proven.</summary>
    public readonly bool IsFresh(ulong number) =>
        number >= _next || (_next - number <= Bits && (_seen[Word(number)] & Bit(number)) == 0);

    /// <summary>Marks a proven packet as seen.</summary>
    /// <returns>Whether it is the newest so far.</returns>
    public bool Accept(ulong number)
    {
        bool isNewest = number >= _next;
        if (isNewest)
        {
            if (number - _next >= Bits)
                _seen = default;
            else
                for (ulong skipped = _next; skipped < number; skipped++)
                    _seen[Word(skipped)] &= ~Bit(skipped);
            _next = number + 1;
        }

        _seen[Word(number)] |= Bit(number);
        return isNewest;
    }

    private static int Word(ulong number) => (int)(number / 64 % (Bits / 64));

    private static ulong Bit(ulong number) => 1UL << (int)(number % 64);

    [InlineArray(Bits / 64)]
    private struct Words
    {
        private ulong _first;
    }
}
