using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Files;

/// <summary>How a <see cref="LocalFileStore"/> treats its folder.</summary>
public sealed record LocalFileStoreOptions
{
    /// <summary>Whether a file with more than one name is refused as <see cref="FileError.NotRegular"/>: another of its names may lie outside. Default false.</summary>
    public bool RefuseHardLinks { get; init; }

    /// <summary>
    /// Whether what is mounted below the root is out of reach. Default false: it can be read and changed, but nothing can be published into it, since
    /// staged content cannot be renamed across file systems.
    /// </summary>
    public bool RefuseMounts { get; init; }

    /// <summary>What the age of staged content is measured with. Default: the system's clock, as file systems stamp files.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where warnings go. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
