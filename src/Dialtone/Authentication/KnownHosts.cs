using System.Globalization;
using System.Text;

namespace Dialtone;

/// <summary>The file in which a client remembers the keys of the servers it has called.</summary>
/// <remarks>One server a line: <c>host:port SHA256:fingerprint</c>, then anything. A host may have several lines; any of them
/// counts. Lines beginning with <c>#</c> are notes. Safe for many threads and processes: updates hold a lock and replace the
/// file as a whole.</remarks>
public sealed class KnownHosts
{
    private const int MaxFileBytes = 4 * 1024 * 1024;

    private readonly string _path;
    private readonly TimeProvider _time;

    /// <summary>Known hosts in this file, which need not exist yet.</summary>
    public KnownHosts(string path, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (_path, _time) = (System.IO.Path.GetFullPath(path), time ?? TimeProvider.System);
    }

    /// <summary>The file.</summary>
    public string Path => _path;

    /// <summary>What is remembered of this server.</summary>
    /// <param name="host">As it was called: a name or an address.</param>
    /// <param name="port">Its port.</param>
    /// <param name="fingerprint">What it shows now.</param>
    /// <exception cref="TrustException">The file cannot be read, holds a line that is none, or others may write it.</exception>
    public KnownHostStatus Check(string host, int port, string fingerprint)
    {
        string name = Name(host, port);
        var status = KnownHostStatus.Unknown;
        foreach ((string known, string remembered) in Entries(ReadText()))
        {
            if (!known.Equals(name, StringComparison.OrdinalIgnoreCase)) // people write lines, too
                continue;
            if (CertificateFingerprint.Same(remembered, fingerprint))
                return KnownHostStatus.Known;
            status = KnownHostStatus.Changed;
        }
        return status;
    }

    /// <summary>Remembers a server that is not known yet.</summary>
    /// <returns><see cref="KnownHostStatus.Known"/>, or <see cref="KnownHostStatus.Changed"/> when somebody else has
    /// just remembered another key: then nothing is written.</returns>
    /// <exception cref="TrustException">As <see cref="Check"/>, or the file cannot be written.</exception>
    public KnownHostStatus Remember(string host, int port, string fingerprint)
    {
        if (!CertificateFingerprint.IsFingerprint(fingerprint))
            throw new ArgumentException("This is no fingerprint.", nameof(fingerprint));
        PrivateFile.MakeFolderOf(_path);
        using IDisposable held = PrivateFile.Lock(_path);
        KnownHostStatus status = Check(host, port, fingerprint);
        if (status != KnownHostStatus.Unknown)
            return status;
        string text = ReadText();
        string line = string.Create(CultureInfo.InvariantCulture, $"{Name(host, port)} {fingerprint} {_time.GetUtcNow():yyyy-MM-dd}\n");
        string separator = text.Length == 0 || text.EndsWith('\n') ? "" : "\n";
        PrivateFile.Write(_path, Encoding.UTF8.GetBytes(text + separator + line), PrivateFile.OwnerOnly);
        return KnownHostStatus.Known;
    }

    /// <summary>Forgets a server, every line of it.</summary>
    /// <returns>Whether it was known.</returns>
    /// <exception cref="TrustException">As <see cref="Remember"/>.</exception>
    public bool Forget(string host, int port)
    {
        if (!File.Exists(_path))
            return false;
        using IDisposable held = PrivateFile.Lock(_path);
        string prefix = Name(host, port) + " ";
        string[] lines = ReadText().Split('\n');
        string[] kept = [.. lines.Where(line => !line.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))];
        if (kept.Length == lines.Length)
            return false;
        PrivateFile.Write(_path, Encoding.UTF8.GetBytes(string.Join('\n', kept)), PrivateFile.OwnerOnly);
        return true;
    }

    internal static string Name(string host, int port)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        string bare = host.Trim('[', ']').TrimEnd('.').ToLowerInvariant();
        if (bare.Length == 0 || bare.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)) || bare[0] == '#')
            throw new ArgumentException("This is no host name.", nameof(host));
        string shown = bare.Contains(':', StringComparison.Ordinal) ? $"[{bare}]" : bare;
        return string.Create(CultureInfo.InvariantCulture, $"{shown}:{port}");
    }

    // A line that cannot be read might be the pin that matters: the whole file is refused.
    private IEnumerable<(string Name, string Fingerprint)> Entries(string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimEnd('\r', ' ');
            if (line.Length == 0 || line[0] == '#')
                continue;
            string[] fields = line.Split(' ', 3);
            if (fields.Length < 2 || !CertificateFingerprint.IsFingerprint(fields[1]))
                throw new TrustException(TrustError.FileMalformed, $"{_path}: line {i + 1} is not 'host:port SHA256:fingerprint'.");
            yield return (fields[0], fields[1]);
        }
    }

    private string ReadText()
    {
        if (!File.Exists(_path))
            return "";
        return CredentialRules.TryDecode(PrivateFile.ReadTrusted(_path, MaxFileBytes), out string text)
            ? text
            : throw new TrustException(TrustError.FileMalformed, $"{_path} is not UTF-8 text.");
    }
}
