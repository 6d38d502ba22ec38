namespace Dialtone.Chat;

/// <summary>Events as lines for people at a terminal.</summary>
internal static class ChatText
{
    /// <summary>An event as a line for people at a terminal, with CRLF.</summary>
    public static string LineOf(ChatEvent chatEvent) => chatEvent switch
    {
        ChatMessage { Room: { } room } said => $"[{room}] {said.From}: {Shown(said.Text)}\r\n",
        ChatMessage direct => $"{direct.From} to you: {Shown(direct.Text)}\r\n",
        ChatPresence { IsHere: true } came => $"* {came.Name} is in {came.Room}\r\n",
        ChatPresence left => $"* {left.Name} has left {left.Room}\r\n",
        ChatNotice notice => $"* {Shown(notice.Text)}\r\n",
        _ => "",
    };

    private static string Shown(string text) => Printable.Of(text, int.MaxValue);
}
