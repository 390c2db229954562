"""Sentences for people, of what the notifications say when something fails."""

from blinkq.sipsimple.explain import explain_registration

explanation = explain_registration(403, "Forbidden", "alice@example.com")
print(explanation.happened())
print(explanation.advice())

# prints:
# The server refuses to register alice@example.com.
# Check the user name and the password, or ask the operator of the server.
