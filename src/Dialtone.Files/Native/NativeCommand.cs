using System.Text;
using System.Text.Json;

namespace Dialtone.Files;

/// <summary>A command of the native protocol: one row of <see cref="All"/>.</summary>
/// <param name="Name">What <c>cmd</c> says.</param>
/// <param name="Run">Does it.</param>
/// <param name="NeedsSession">Whether somebody must be known first: a stranger gets an anonymous session, if strangers may do anything here.</param>
/// <param name="HasBody">Whether bytes follow the header.</param>
internal sealed record NativeCommand(
    string Name, Func<NativeConversation, NativeRequest, ValueTask> Run, bool NeedsSession = true, bool HasBody = false)
{
    /// <summary>Every command there is.</summary>
    public static readonly NativeCommand[] All =
    [
        new("put", static (call, request) => call.PutAsync(request), HasBody: true),
        new("get", static (call, request) => call.GetAsync(request)),
        new("stat", static (call, request) => call.StatAsync(request)),
        new("list", static (call, request) => call.ListAsync(request)),
        new("differ", static (call, request) => call.DifferAsync(request), HasBody: true),
        new("resume", static (call, request) => call.ResumeAsync(request)),
        new("mkdir", static (call, request) => call.MakeFolderAsync(request)),
        new("remove", static (call, request) => call.RemoveAsync(request)),
        new("rename", static (call, request) => call.RenameAsync(request)),
        new("copy", static (call, request) => call.CopyAsync(request)),
        new("set", static (call, request) => call.SetAttributesAsync(request)),
        new("sum", static (call, request) => call.SumAsync(request)),
        new("quota", static (call, request) => call.QuotaAsync(request)),
        new("whoami", static (call, request) => call.WhoAmIAsync(request)),
        new("hello", static (call, request) => call.HelloAsync(request), NeedsSession: false),
        new("login", static (call, request) => call.LoginAsync(request), NeedsSession: false),
        new("ping", static (call, request) => call.PingAsync(request), NeedsSession: false),
    ];

    private static readonly byte[][] Names = [.. All.Select(static command => Encoding.UTF8.GetBytes(command.Name))];

    /// <summary>Answers to puts may overtake one another; everything else waits until the puts before it are done.</summary>
    public bool WaitsForPuts => Name is not "put";

    /// <summary>The command the reader's string names; null for none.</summary>
    public static NativeCommand? Find(ref Utf8JsonReader reader)
    {
        for (int index = 0; index < Names.Length; index++)
        {
            if (reader.ValueTextEquals(Names[index]))
                return All[index];
        }

        return null;
    }
}
