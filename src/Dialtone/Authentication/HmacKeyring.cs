using System.Security.Cryptography;

namespace Dialtone;

/// <summary>The keys that open a door. Any of them does; which one did, or how nearly another did, does not show in the time taken.</summary>
public sealed class HmacKeyring
{
    private readonly HmacKey[] _keys;

    /// <summary>A ring of one or more keys. Two may be alive at once while one replaces the other.</summary>
    /// <exception cref="ArgumentException">There is no key.</exception>
    public HmacKeyring(params IEnumerable<HmacKey> keys)
    {
        _keys = [.. keys];
        if (_keys.Length == 0)
            throw new ArgumentException("A keyring holds at least one key.", nameof(keys));
    }

    /// <summary>The number of keys.</summary>
    public int Count => _keys.Length;

    internal int ShortestKey => _keys.Min(key => key.Length);

    /// <summary>Whether <paramref name="answer"/> is the HMAC of <paramref name="message"/> under any key of the ring.</summary>
    /// <remarks>The length is compared first (it is no secret); then every key is tried, always, in constant time.</remarks>
    public bool Opens(HmacDigest digest, ReadOnlySpan<byte> message, ReadOnlySpan<byte> answer) =>
        Find(digest, message, answer, keyId: null) is not null;

    // A key id narrows which key counts, not which are computed.
    internal HmacKey? Find(HmacDigest digest, ReadOnlySpan<byte> message, ReadOnlySpan<byte> answer, string? keyId)
    {
        int size = digest.Size();
        if (answer.Length != size)
            return null;
        Span<byte> expected = stackalloc byte[HmacDigests.MaxSize];
        expected = expected[..size];
        HmacKey? found = null;
        foreach (HmacKey key in _keys)
        {
            key.Compute(digest, message, expected);
            bool named = keyId is null || string.Equals(keyId, key.Id, StringComparison.Ordinal);
            if (CryptographicOperations.FixedTimeEquals(expected, answer) & named)
                found = key;
        }
        CryptographicOperations.ZeroMemory(expected);
        return found;
    }
}
