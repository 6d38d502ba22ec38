namespace Dialtone.Cli;

/// <summary><c>bookmark list</c> and <c>bookmark remove</c>; <c>--save</c> makes bookmarks.</summary>
internal static class BookmarkCommands
{
    public static Task<ExitCode> ListAsync(Arguments arguments)
    {
        foreach ((string name, Bookmark bookmark) in Bookmarks.Load())
        {
            if (!arguments.Has(FileFlags.Json))
            {
                Terminal.Out.WriteLine($"{name}  {bookmark.Server}  {Printable.Of(bookmark.User ?? "-")}  {bookmark.Fingerprint ?? "-"}");
                continue;
            }

            JsonLine.Write(json =>
            {
                json.WriteString("name"u8, name);
                json.WriteString("server"u8, bookmark.Server.ToString());
                json.WriteString("user"u8, bookmark.User);
                json.WriteString("fingerprint"u8, bookmark.Fingerprint);
            });
        }

        return Task.FromResult(ExitCode.Done);
    }

    public static Task<ExitCode> RemoveAsync(Arguments arguments)
    {
        foreach (string name in arguments.Operands)
        {
            if (Bookmarks.Find(name) is null)
                throw new CliException(ExitCode.Failed, $"There is no bookmark '{Printable.Of(name)}'.", "'dialtone bookmark list' shows them.");
            Bookmarks.Save(name, null);
        }

        return Task.FromResult(ExitCode.Done);
    }
}
