using Dialtone;

namespace FromPython;

#region BaseRequestHandler
public sealed class UpperCase : StreamHandler
#endregion
{
    #region setup
    protected override ValueTask SetupAsync() => Connection.WriteLineAsync("ready");
    #endregion

    #region handle
    protected override async ValueTask HandleAsync()
    #endregion
    {
        await ReadAndWriteLines(Connection);
    }

    #region finish
    protected override ValueTask FinishAsync(Exception? error) => Connection.WriteLineAsync("bye");
    #endregion

    private static async Task ReadAndWriteLines(Connection call)
    {
        while (true)
        {
            #region rfile
            string? line = await call.ReadLineAsync();
            #endregion
            if (line is null)
                return;
            #region wfile
            await call.WriteLineAsync(line.ToUpperInvariant());
            #endregion
        }
    }
}
