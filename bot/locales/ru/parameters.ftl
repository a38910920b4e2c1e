# Параметры, которые могут стоять в описании. В каждой строке: как пишется, потом что делает.
parameters-title = <b>В описании можно ещё указать</b>
parameter-ar = <code>{ $usage }</code> — форма картины ({ $options })
parameter-style = <code>{ $usage }</code> — как рисовать ({ $options })
parameter-model = <code>{ $usage }</code> — кто рисует ({ $options })
parameter-n = <code>{ $usage }</code> — сколько картин ({ $options })
parameter-seed = <code>{ $usage }</code> — число, которое повторяет картину; «random» выбирает новое
parameter-refine = <code>{ $usage }</code> — Flash прорабатывает детали картины Kandinsky 3
parameter-no = <code>{ $usage }</code> — чего на картине быть не должно; сюда входят все слова до следующего параметра

# Подсказки: что написано и как написать иначе. С первыми четырьмя картина не рисуется, пока их не исправят.
hint-unknown = Параметра <code>{ $parameter }</code> я не знаю.
hint-missing = У <code>{ $parameter }</code> должно быть значение.
hint-impossible = Так не получится: <code>{ $parameter } { $said }</code>.
hint-too-long = Слишком много слов после <code>{ $parameter }</code>.
hint-meant = Понял это как <code>{ $nearest }</code>.
hint-repeated = <code>{ $parameter }</code> встречается не один раз, считается последний: <code>{ $nearest }</code>.
hint-foreign = Параметра <code>{ $parameter }</code> я не знаю и пропустил его.
hint-no-effect = Модель <code>{ $said }</code> не учитывает <code>{ $parameter }</code>.
hint-try = Попробуйте <code>{ $nearest }</code>.
hint-options = Возможны: { $options }.
