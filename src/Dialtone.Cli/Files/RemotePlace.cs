using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Questions about places on a server.</summary>
internal static class RemotePlace
{
    /// <summary>What stands at a path, or null for nothing.</summary>
    public static async Task<RemoteEntry?> FindAsync(FileClient client, VirtualPath path, CancellationToken cancellationToken)
    {
        try
        {
            return await client.StatAsync(path.ToString(), cancellationToken);
        }
        catch (FileException e) when (e.Reason is FileError.NotFound or FileError.NotFolder)
        {
            return null;
        }
    }

    /// <summary>Where things land that are moved or copied to a target, by the rules of <c>cp -r</c>: inside a folder that exists, otherwise under the target's own name.</summary>
    /// <param name="client">The server.</param>
    /// <param name="target">The target.</param>
    /// <param name="mustBeFolder">Whether it was written with a slash at its end, or several things come.</param>
    /// <param name="isFolder">Whether what comes is a folder.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether the target is a folder to land in.</returns>
    /// <exception cref="CliException">Nothing can land there.</exception>
    public static async Task<bool> IsInsideAsync(FileClient client, VirtualPath target, bool mustBeFolder, bool isFolder, CancellationToken cancellationToken)
    {
        if (target.IsRoot)
            return true;
        RemoteEntry? there = await FindAsync(client, target, cancellationToken);
        return Landing.IsInside($"{target}", there?.Kind == FileKind.Folder, there is not null, mustBeFolder, isFolder, "'dialtone mkdir -p' makes a folder on the server.");
    }
}

/// <summary>The rules of <c>cp -r</c> about targets.</summary>
internal static class Landing
{
    /// <summary>Whether things land inside a target, or become it.</summary>
    /// <exception cref="CliException">Nothing can land there.</exception>
    public static bool IsInside(string target, bool isFolder, bool exists, bool mustBeFolder, bool movesFolder, string advice)
    {
        if (isFolder)
            return true;
        if (exists && (mustBeFolder || movesFolder))
            throw new CliException(ExitCode.Failed, $"{Printable.Of(target)} is not a folder.");
        if (!exists && mustBeFolder && !movesFolder)
            throw new CliException(ExitCode.Failed, $"There is no folder {Printable.Of(target)}.", advice);
        return false;
    }
}
