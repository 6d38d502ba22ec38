using System.Security.Cryptography;
using Dialtone.Files;

namespace Dialtone.Cli.Tests;

/// <summary>What a share must hold, by digest: what was acknowledged, or what has been sent since and not been answered.</summary>
internal sealed class ShareContent
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string? Acknowledged, string? Sent)> _files = new(StringComparer.Ordinal); // under _gate

    public int Count
    {
        get
        {
            lock (_gate)
                return _files.Count;
        }
    }

    public void Sending(string path, byte[] content)
    {
        lock (_gate)
            _files[path] = (_files.GetValueOrDefault(path).Acknowledged, Digest(content));
    }

    public void Acknowledged(string path)
    {
        lock (_gate)
            _files[path] = (_files[path].Sent ?? _files[path].Acknowledged, null);
    }

    /// <summary>What is wrong with a folder; null if nothing is.</summary>
    public string? Compare(string folder, IReadOnlyList<RemoteEntry> listed, RemoteQuota quota)
    {
        (string Path, long Length, string Digest)[] found =
            [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Describe)];
        lock (_gate)
        {
            foreach ((string path, long length, string digest) in found)
            {
                if (!_files.TryGetValue(path, out (string? Acknowledged, string? Sent) file))
                    return $"{path} was never sent";
                if (digest != file.Acknowledged && digest != file.Sent)
                    return $"{path} ({length} bytes) is neither what was acknowledged nor what was sent since";
            }

            if (_files.Where(file => file.Value.Acknowledged is not null).Select(file => file.Key).Except(found.Select(file => file.Path)).FirstOrDefault() is { } lost)
                return $"{lost} was acknowledged and is gone";
        }

        (string, long)[] seen = [.. listed.Where(entry => entry.Kind == FileKind.File).Select(entry => (entry.Path, entry.Size)).OrderBy(entry => entry.Path, StringComparer.Ordinal)];
        if (!seen.SequenceEqual(found.Select(file => (file.Path, file.Length))))
            return "the listing is not what stands there";
        long bytes = found.Sum(file => file.Length);
        return quota.Bytes == bytes && quota.Files == found.Length ? null : $"the quota says {quota.Bytes} bytes in {quota.Files} files, and there are {bytes} in {found.Length}";

        (string, long, string) Describe(string path)
        {
            byte[] content = File.ReadAllBytes(path);
            return (Path.GetRelativePath(folder, path), content.Length, Digest(content));
        }
    }

    private static string Digest(byte[] content) => Convert.ToHexString(SHA256.HashData(content));
}
