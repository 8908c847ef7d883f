words = []
while (word := input("word? ")) != "end":
    words.append("".join(chr(ord(letter) + 1) for letter in word))
with open("secret.txt", "w") as file:
    file.write("\n".join(words))
print(*words)
