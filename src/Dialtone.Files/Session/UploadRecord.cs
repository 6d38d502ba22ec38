using System.Buffers;
using System.Text.Json;

namespace Dialtone.Files;

/// <summary>What is kept beside an upload so that it can be continued, also after a restart: JSON, written and read only here.</summary>
internal sealed record UploadRecord
{
    private const int Version = 1;

    /// <summary>The account; empty for strangers.</summary>
    internal required string Owner { get; init; }

    /// <summary>Where to, from the share's root.</summary>
    internal required VirtualPath Path { get; init; }

    internal long? Size { get; init; }

    internal PublishMode Mode { get; init; }

    internal bool MakeParents { get; init; }

    internal DateTimeOffset? Modified { get; init; }

    internal UnixFileMode? Permissions { get; init; }

    internal byte[] Format()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteNumber("version"u8, Version);
        json.WriteString("owner"u8, Owner);
        json.WriteString("path"u8, Path.ToString());
        if (Size is { } size)
            json.WriteNumber("size"u8, size);
        json.WriteNumber("publish"u8, (int)Mode);
        json.WriteBoolean("parents"u8, MakeParents);
        if (Modified is { } modified)
            json.WriteNumber("modified"u8, modified.UtcTicks);
        if (Permissions is { } permissions)
            json.WriteNumber("permissions"u8, (int)permissions);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Null for whatever this did not write: such an upload cannot be continued.</summary>
    internal static UploadRecord? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 2 });
            JsonElement root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != Version || !VirtualPath.TryParse(root.GetProperty("path").GetString(), null, out VirtualPath? path, out _))
                return null;
            long? size = root.TryGetProperty("size", out JsonElement number) ? number.GetInt64() : null;
            var mode = (PublishMode)root.GetProperty("publish").GetInt32();
            if (size < 0 || !Enum.IsDefined(mode))
                return null;
            return new UploadRecord
            {
                Owner = root.GetProperty("owner").GetString() ?? "",
                Path = path,
                Size = size,
                Mode = mode,
                MakeParents = root.GetProperty("parents").GetBoolean(),
                Modified = root.TryGetProperty("modified", out JsonElement ticks) ? new DateTimeOffset(ticks.GetInt64(), TimeSpan.Zero) : null,
                Permissions = root.TryGetProperty("permissions", out JsonElement bits) ? (UnixFileMode)bits.GetInt32() : null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }
}
