using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Dialtone.Files;

/// <summary>Remembers for a minute which name and password belonged together, by a MAC under a key that only this process has had.</summary>
/// <remarks>The account's verifier goes into the MAC: a changed password is forgotten at once. Failures are never remembered: each costs its hashing.</remarks>
internal sealed class VerifiedLogins(TimeSpan age, TimeProvider time)
{
    internal const int MaxEntries = 1024;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _gate = new();
    private readonly HashSet<UInt128> _entries = [];                       // under _gate
    private readonly Queue<(UInt128 Login, long At)> _order = new(); // the same, oldest first; under _gate

    /// <summary>What stands for a log-in. Computed for unknown names as well, so that they take the same time.</summary>
    internal UInt128 Of(string name, ScramVerifier? verifier, string password)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        Append(mac, name);
        Append(mac, verifier?.Format() ?? "");
        Append(mac, password);
        Span<byte> digest = stackalloc byte[32];
        mac.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    internal bool Contains(UInt128 login)
    {
        lock (_gate)
        {
            Forget();
            return _entries.Contains(login);
        }
    }

    internal void Add(UInt128 login)
    {
        lock (_gate)
        {
            Forget();
            if (!_entries.Add(login))
                return;
            _order.Enqueue((login, time.GetTimestamp()));
            if (_order.Count > MaxEntries)
                _entries.Remove(_order.Dequeue().Login);
        }
    }

    private static void Append(IncrementalHash mac, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        mac.AppendData(length);
        mac.AppendData(bytes);
        CryptographicOperations.ZeroMemory(bytes);
    }

    private void Forget()
    {
        while (_order.TryPeek(out (UInt128 Login, long At) oldest) && time.GetElapsedTime(oldest.At) >= age)
        {
            _order.Dequeue();
            _entries.Remove(oldest.Login);
        }
    }
}
