# /imagine без слов и обращение, в котором больше ничего нет.
imagine-how = Напишите после команды, что вы хотите увидеть: <code>/imagine { $example }</code>
command-imagine = Нарисовать эти слова
