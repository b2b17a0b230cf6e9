"""What people call keys and passwords, in every language we are written to.  Data, not code."""

from typing import Final

KEY_WORDS: Final = (
    "private key", "privatekey", "priv key", "privkey", "secret key", "secretkey", "signing key", "keypair",
    "privater schlüssel", "privaten schlüssel", "privatschlüssel", "geheimer schlüssel",
    "clave privada", "llave privada", "clave secreta", "chave privada", "chave secreta",
    "clé privée", "clef privée", "clé secrète", "chiave privata", "chiave segreta",
    "privésleutel", "prive sleutel", "geheime sleutel", "klucz prywatny", "klucza prywatnego", "klucz tajny",
    "приватный ключ", "приватного ключа", "закрытый ключ", "секретный ключ", "приватний ключ", "закритий ключ",
    "özel anahtar", "gizli anahtar", "المفتاح الخاص", "مفتاح خاص", "المفتاح السري", "کلید خصوصی",
    "प्राइवेट की", "निजी कुंजी", "kunci privat", "kunci pribadi", "khóa riêng", "khoá riêng", "khóa bí mật",
    "khóa cá nhân", "กุญแจส่วนตัว", "คีย์ส่วนตัว", "ไพรเวทคีย์", "私钥", "私鑰", "密钥", "密鑰",
    "秘密鍵", "プライベートキー", "개인키", "개인 키", "비밀키", "프라이빗 키", "프라이빗키",
)  # fmt: skip
PASSWORD_WORDS: Final = (
    "password", "passwort", "passphrase", "passcode", "pass word", "passwd", "pwd", "pword", "kennwort",
    "contraseña", "contrasena", "clave", "senha", "mot de passe", "mdp", "parola d'ordine", "parola", "wachtwoord",
    "hasło", "haslo", "hasła", "пароль", "пароля", "şifre", "sifre", "şifrem", "sifrem", "parolam",
    "كلمة المرور", "كلمة السر", "كلمه السر", "كلمه المرور", "الباسورد", "باسورد", "الرقم السري", "رمز عبور",
    "گذرواژه", "پسورد", "पासवर्ड", "kata sandi", "sandi", "mật khẩu", "mat khau", "matkhau", "รหัสผ่าน",
    "พาสเวิร์ด", "พาสเวิด", "密码", "密碼", "口令", "パスワード", "パス", "비밀번호", "비번", "패스워드",
    "client secret", "api secret", "secret key", "api key", "apikey",
)  # fmt: skip
SHORT_CODE_WORDS: Final = ("pin", "pin code", "pin-code", "cvv", "cvc", "cvv2", "暗証番号", "пин-код", "пин")
"""What they name is three to eight digits."""
