namespace Dialtone.Files;

/// <summary>What to do about a file that stands where one is published.</summary>
public enum PublishMode
{
    /// <summary>Replace it.</summary>
    Replace,

    /// <summary>Refuse with <see cref="FileError.Exists"/>.</summary>
    CreateNew,

    /// <summary>Take the first free of NAME, NAME.0, NAME.1, …, as the tutorials' server does.</summary>
    NextFreeName,
}

/// <summary>How content is published.</summary>
public sealed record PublishOptions
{
    /// <summary>How many names <see cref="PublishMode.NextFreeName"/> tries before <see cref="FileError.Limit"/>: NAME.0 to NAME.9999.</summary>
    public const int MaxNumberedNames = 10_000;

    /// <summary>What to do about a file that stands there. Default <see cref="PublishMode.Replace"/>.</summary>
    public PublishMode Mode { get; init; }

    /// <summary>Makes missing folders above it.</summary>
    public bool MakeParents { get; init; }

    /// <summary>The modification time to set; null for now.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>The permission bits to set; null for those the process gives new files. Set-id bits are masked.</summary>
    public UnixFileMode? Permissions { get; init; }

    /// <summary>
    /// Called with what will be replaced (null if nothing), while nobody else can publish, remove or rename there; throws to refuse. Called at most
    /// once. <see cref="Undo"/> is called if the content does not come to stand there after it. (Content that stands there, but may not outlast a
    /// power cut because the disk failed, is reported as <see cref="FileError.Failed"/> and stays charged, since it is there.)
    /// </summary>
    public Action<FileEntry?>? Charge { get; init; }

    /// <summary>See <see cref="Charge"/>.</summary>
    public Action? Undo { get; init; }
}

/// <summary>What was published.</summary>
/// <param name="Path">Where; differs from the target only under <see cref="PublishMode.NextFreeName"/>.</param>
/// <param name="Entry">What stands there now.</param>
/// <param name="Replaced">What stood there before, if anything.</param>
public sealed record PublishedFile(VirtualPath Path, FileEntry Entry, FileEntry? Replaced);
